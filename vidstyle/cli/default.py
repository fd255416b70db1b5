"""A group of commands of which one needs no name."""

from typing import Any

from typer.core import TyperGroup


class DefaultGroup(TyperGroup):
    """Takes a first word that is no command's as the default command's first argument."""

    default = ""

    @classmethod
    def of(cls, default: str) -> type["DefaultGroup"]:
        """Make a group whose default command is called `default`."""
        return type("DefaultGroup", (cls,), {"default": default})

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the default command's name in front where none is."""
        help_asked = bool(args) and args[0] in ctx.help_option_names
        if args and args[0] not in self.commands and not help_asked:
            args = [self.default, *args]
        found: Any = super().parse_args(ctx, args)
        return list(found)
