"""An account's own life: opened, its address proven and changed, its password changed, its profile edited."""
