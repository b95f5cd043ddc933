//! The hardware of a Linux computer: V4L2 cameras, ALSA sound.
