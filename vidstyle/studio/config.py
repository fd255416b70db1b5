"""Where the studio listens, who may come in, and how much anyone may ask of it."""

from pydantic import BaseModel, ConfigDict, Field

from vidstyle.errors import ConfigError

LOOPBACK = ("127.0.0.1", "::1", "localhost")


class StudioConfig(BaseModel):
    """How a studio is run."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = Field(default="127.0.0.1", description="address to listen on; others than loopback need a password")
    port: int = Field(default=8420, ge=0, le=65535, description="0: any that is free")
    names: tuple[str, ...] = Field(default=(), description="names that browsers may call it by, beside its address")
    user: str = Field(default="", description="who may come in; empty: whoever reaches the port")
    password: str = Field(default="", repr=False, description="the user's")
    device: str = Field(default="auto", description="auto, cpu, cuda or cuda:N")
    at_once: int = Field(default=1, ge=1, description="renders, batches and measurements at the same time")
    upload_megabytes: float = Field(default=2000.0, gt=0, description="of one file")
    session_megabytes: float = Field(default=8000.0, gt=0, description="of everything that one browser has here")
    seconds: float = Field(default=900.0, gt=0, description="length of a clip")
    pixels: int = Field(default=8_900_000, ge=1, description="of a frame, width times height; 4096x2160 fits")
    tasks: int = Field(default=20, ge=1, description="waiting and working tasks of one browser")
    minutes: float = Field(default=240.0, gt=0, description="longest training")
    keep_hours: float = Field(default=12.0, gt=0, description="idle time after which a browser's files are deleted")

    def check(self) -> None:
        """Raise ConfigError where anybody could come in from outside; not a validator, as those quote the password."""
        if bool(self.user) != bool(self.password):
            raise ConfigError("user and password belong together; give both, or neither", key="user")
        if self.host not in LOOPBACK and not self.user:
            told = f"{self.host} can be reached from outside; give a user and a password, or listen on 127.0.0.1"
            raise ConfigError(told, key="host")
