"""The seal: data keys of cases and vaults, wrapped by a key of the deployment; certificates of what was destroyed."""
