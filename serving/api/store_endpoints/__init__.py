"""The endpoints of the store: what they take and answer, and their part of the OpenAPI document."""
