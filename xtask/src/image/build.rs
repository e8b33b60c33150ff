//! The static binary: how it is built, and whether a file is one.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use super::arch::Arch;
use crate::workspace::{cargo, output, root, run, rustc, target_directory};

/// Builds the operator as it is released, and gives where the binary is.
///
/// # Errors
/// Where Rust's target or the C compiler is missing and cannot be had, and where the build fails.
pub(crate) fn operator(arch: Arch, features: &[String]) -> Result<PathBuf> {
    let target = arch.target();
    add_target(target)?;
    let package = ["build", "--release", "--locked", "--package", "flinkk8soperator"];
    let features = features.join(",");
    let mut build = cargo(&package);
    build.args(["--target", target, "--features", &features]);
    // ring has some C and assembly, which use nothing of the C library that musl has otherwise than glibc:
    // any C compiler for the architecture will do.
    let variable = target.replace('-', "_");
    if arch == Arch::HERE {
        build.env(format!("CC_{variable}"), "cc");
    } else {
        let compiler = cross_compiler(arch)?;
        build.env(format!("CC_{variable}"), compiler);
        let variable = variable.to_uppercase();
        build.env(format!("CARGO_TARGET_{variable}_LINKER"), compiler);
    }
    run(&mut build)?;
    Ok(target_directory()?.join(target).join("release/flinkk8soperator"))
}

/// Rust's libraries for the target: `rustup` has them.
fn add_target(target: &str) -> Result<()> {
    let there = output(rustc().args(["--print", "target-libdir", "--target", target]))?;
    if Path::new(there.trim()).is_dir() {
        return Ok(());
    }
    run(Command::new("rustup").args(["target", "add", target]).current_dir(root()))
        .with_context(|| format!("Rust has no libraries for {target} here"))
}

fn cross_compiler(arch: Arch) -> Result<&'static str> {
    let compiler = arch.cross_compiler();
    match Command::new(compiler).arg("--version").output() {
        Ok(_) => Ok(compiler),
        Err(error) => bail!(
            "{compiler}: {error}; it is in Debian's package crossbuild-essential-{}",
            arch.name()
        ),
    }
}

/// A program that needs an interpreter, which is the dynamic linker, says so in a segment of this type.
const INTERPRETER: u64 = 3;

/// An image without a C library can only start a static program, and only one for its machine; the error
/// there would be "no such file".
///
/// # Errors
/// Saying what the file is instead.
pub(crate) fn is_static(file: &[u8], arch: Arch) -> Result<()> {
    // 64 bits, the lowest byte first.
    ensure!(file.starts_with(b"\x7fELF\x02\x01"), "no program for Linux with 64 bits");
    let cut = "the file is cut off";
    let machine = number(file, 18, 2).context(cut)?;
    ensure!(
        machine == u64::from(arch.machine()),
        "not a program for {}: machine {machine}, not {}",
        arch.name(),
        arch.machine()
    );
    let (table, size, count) = (number(file, 32, 8), number(file, 54, 2), number(file, 56, 2));
    let (table, size) = (table.context(cut)?, size.context(cut)?);
    for segment in 0..count.context(cut)? {
        let kind = number(file, table.saturating_add(segment * size), 4).context(cut)?;
        ensure!(
            kind != INTERPRETER,
            "not static: it needs a dynamic linker, which the image does not have; build it for {}",
            arch.target()
        );
    }
    Ok(())
}

/// The number of so many bytes at that place.
fn number(file: &[u8], at: u64, bytes: usize) -> Option<u64> {
    let at = usize::try_from(at).ok()?;
    let found = file.get(at..at.checked_add(bytes)?)?;
    Some(found.iter().rev().fold(0, |number, byte| (number << 8) | u64::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::{Arch, INTERPRETER, is_static};

    /// The head of a program, and one segment of that kind.
    fn program(machine: u16, kind: u32) -> Vec<u8> {
        let mut file = vec![0; 64];
        file[..6].copy_from_slice(b"\x7fELF\x02\x01");
        file[18..20].copy_from_slice(&machine.to_le_bytes());
        file[32] = 64;
        file[54] = 56;
        file[56] = 1;
        file.extend(kind.to_le_bytes());
        file
    }

    fn refused(file: &[u8]) -> String {
        is_static(file, Arch::Amd64).expect_err("it is refused").to_string()
    }

    #[test]
    fn only_a_static_program_for_the_machine_is_taken() {
        let load = 1;
        assert!(is_static(&program(62, load), Arch::Amd64).is_ok());
        assert!(is_static(&program(183, load), Arch::Arm64).is_ok());
        assert!(refused(&program(62, INTERPRETER as u32)).starts_with("not static"));
        let other = refused(&program(183, load));
        assert_eq!(other, "not a program for amd64: machine 183, not 62");
        assert_eq!(refused(b"#!/bin/sh\n"), "no program for Linux with 64 bits");
        assert_eq!(refused(&program(62, load)[..66]), "the file is cut off");
    }
}
