//! What an image is built for, by all the names that it has.

use clap::ValueEnum;

/// An architecture, by its name in images.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Arch {
    Amd64,
    Arm64,
}

impl Arch {
    /// That of this machine.
    pub(crate) const HERE: Arch =
        if cfg!(target_arch = "aarch64") { Arch::Arm64 } else { Arch::Amd64 };

    /// In an image, and in Debian.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Arch::Amd64 => "amd64",
            Arch::Arm64 => "arm64",
        }
    }

    /// Rust's target. With musl, a program is static unless told otherwise.
    pub(crate) fn target(self) -> &'static str {
        match self {
            Arch::Amd64 => "x86_64-unknown-linux-musl",
            Arch::Arm64 => "aarch64-unknown-linux-musl",
        }
    }

    /// The C compiler of Debian that makes programs for it elsewhere.
    pub(crate) fn cross_compiler(self) -> &'static str {
        match self {
            Arch::Amd64 => "x86_64-linux-gnu-gcc",
            Arch::Arm64 => "aarch64-linux-gnu-gcc",
        }
    }

    /// `e_machine` in the head of an ELF file.
    pub(crate) fn machine(self) -> u16 {
        match self {
            Arch::Amd64 => 62,
            Arch::Arm64 => 183,
        }
    }
}
