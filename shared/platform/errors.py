"""What the cloud's clients raise when a service refuses or does not answer."""

from azure.core.exceptions import AzureError as CloudError

__all__ = ["CloudError"]
