"""What the service keeps between requests and runs, and who writes and reads which table of it."""
