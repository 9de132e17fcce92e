"""The Marketing API's routes: plain functions from a request to an answer, without any waiting."""
