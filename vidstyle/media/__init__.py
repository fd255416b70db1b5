"""Clips: containers, codecs, planes ↔ RGB. The only room that knows PyAV."""

from vidstyle.media.availability import Availability, available_decoders, available_encoders, opens
from vidstyle.media.clip import AudioInfo, ChapterInfo, ClipInfo, StreamInfo, VideoInfo, probe
from vidstyle.media.colour import ColourTags
from vidstyle.media.decoding import ReadTally
from vidstyle.media.encoders import ENCODERS, EncodeConfig, EncoderPreset
from vidstyle.media.encoding import WriteTally
from vidstyle.media.kinds import Reader, Writer, open_reader, open_writer, probe_source
from vidstyle.media.numbering import find_pictures
from vidstyle.media.packets import Passthrough
from vidstyle.media.pixels import PlaneConverter, PlaneLayout
from vidstyle.media.presets import PRESETS, Preset
from vidstyle.media.reader import ClipReader, DecodeConfig
from vidstyle.media.sequence_plan import PICTURE_FORMATS
from vidstyle.media.sequence_reader import SequenceReader
from vidstyle.media.sequence_writer import SequenceWriter
from vidstyle.media.spans import cut_to, span_between
from vidstyle.media.target import CONTAINERS
from vidstyle.media.work import Point, Work, WorkConfig
from vidstyle.media.writer import ClipWriter

__all__ = [
    "CONTAINERS",
    "ENCODERS",
    "PICTURE_FORMATS",
    "PRESETS",
    "AudioInfo",
    "Availability",
    "ChapterInfo",
    "ClipInfo",
    "ClipReader",
    "ClipWriter",
    "ColourTags",
    "DecodeConfig",
    "EncodeConfig",
    "EncoderPreset",
    "Passthrough",
    "PlaneConverter",
    "PlaneLayout",
    "Point",
    "Preset",
    "ReadTally",
    "Reader",
    "SequenceReader",
    "SequenceWriter",
    "StreamInfo",
    "VideoInfo",
    "Work",
    "WorkConfig",
    "WriteTally",
    "Writer",
    "available_decoders",
    "available_encoders",
    "cut_to",
    "find_pictures",
    "open_reader",
    "open_writer",
    "opens",
    "probe",
    "probe_source",
    "span_between",
]
