"""What a partner receives under a consent: asked at the page, the code, the refresh and every use."""
