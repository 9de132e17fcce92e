"""What the checks share with the tests of the deployment."""

from tests.deployment.conftest import bicep_compiler, compiled, deployment

__all__ = ["bicep_compiler", "compiled", "deployment"]
