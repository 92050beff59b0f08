"""The library's endpoints, and one resource behind a token."""

from typing import Any

from django.http import HttpRequest, JsonResponse
from django.urls import include, path
from oauth2_provider.views.generic import ProtectedResourceView


class Profile(ProtectedResourceView):
    """Whoever's token it is."""

    def get(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> JsonResponse:
        user: Any = request.resource_owner  # type: ignore[attr-defined]
        return JsonResponse({"subject": {"sub": str(user.pk), "email": user.email}})


urlpatterns = [path("o/", include("oauth2_provider.urls")), path("api/profile", Profile.as_view())]
