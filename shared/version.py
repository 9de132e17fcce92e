"""The version of this app, as people see it in health, the console and the API's description."""

VERSION = "0.2.0"
