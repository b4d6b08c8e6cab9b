"""The store's life: upgraded, copied, put back, looked over."""
