"""django-allauth and django-oauth-toolkit as their documentation sets them up, with fast digests of client secrets."""
