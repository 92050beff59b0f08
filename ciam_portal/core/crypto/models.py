"""The keys that this installation uses and has used, by name: never a key."""

from datetime import datetime

from django.db import models

from ciam_portal.core.crypto import codes, rings


class Keys(models.Manager["Key"]):
    """What is known of the keys."""

    def needed(self) -> "models.QuerySet[Key]":
        """Those that stored data may still need."""
        return self.filter(released_at__isnull=True)

    def missing(self) -> list["Key"]:
        """Those of them that the environment does not have. A ring without any is switched off, and needs none."""
        known = {ring: rings.names(ring) for ring in rings.RINGS}
        off = {ring for ring, names in known.items() if not names}
        needed = self.needed().exclude(ring__in=off).order_by("ring", "first_at")
        return [key for key in needed if key.name not in known.get(key.ring, ())]

    def unnoted(self) -> list[str]:
        """The rings whose first key is not the one that was noted last."""
        used = set(self.needed().filter(former_at__isnull=True).values_list("ring", "name"))
        first = {ring: names[0] for ring in rings.RINGS if (names := rings.names(ring))}
        return [ring for ring, name in first.items() if (ring, name) not in used]

    def note(self, ring: str, at: datetime) -> str:
        """From now on the first key of this ring is used; its name. Of a new ring, the others were used before."""
        first, *others = rings.names(ring)
        if not self.filter(ring=ring, former_at__isnull=True).exists():
            kept = [Key(ring=ring, name=name, first_at=at, former_at=at) for name in others]
            self.bulk_create(kept, ignore_conflicts=True)
        self.filter(ring=ring, former_at__isnull=True).exclude(name=first).update(former_at=at)
        used = {"former_at": None, "released_at": None}
        self.update_or_create(ring=ring, name=first, defaults=used, create_defaults=used | {"first_at": at})
        return first


class Key(models.Model):
    """One key of one ring of the environment."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="not sensitive")
    ring = models.CharField(max_length=32, db_comment="not sensitive: the name of its setting")
    name = models.CharField(max_length=64, db_comment="not sensitive: what it is called; gives nothing of it away")
    first_at = models.DateTimeField(db_comment="not sensitive: when it was first used here")
    former_at = models.DateTimeField(
        null=True,
        db_comment="not sensitive: since when nothing is made with it; empty while it is the first of its ring",
    )
    released_at = models.DateTimeField(null=True, db_comment="not sensitive: since when it may go")

    objects = Keys()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["ring", "name"], name="key_once"),)

    def __str__(self) -> str:
        return f"{self.ring} {self.name}"

    def held(self, at: datetime) -> None:
        """Rows were found under it until now."""
        self.former_at = at
        self.save(update_fields=["former_at"])

    def release(self, at: datetime) -> None:
        """Nothing needs it any more."""
        self.released_at = at
        self.save(update_fields=["released_at"])
