"""The plan on the page: made, accepted, handed out, downloaded."""
