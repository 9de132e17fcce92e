"""What the routes answer, for the OpenAPI document and for the tests that hold answers to it."""
