"""Checks with Azure's own tools, in an environment of their own: `make azure`.

azure-cli's parser reads every az command of the pages, the workflows and the scripts; Kusto's reads
every query; Bicep's compiler and the tables of tests/deployment see every kind of mistake in the
templates, or it is listed; the package with everything in it runs alone and without a network.
"""
