"""Who looks at the page: sessions, the secret that signs them, OpenID Connect."""
