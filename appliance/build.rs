//! How daemon and engine are linked.

/// Addresses that the loader has to correct are a list of eighty times fewer bytes (RELR), where programs of this kind can have it:
/// glibc reads it since 2.36, which is what Debian 12 has. All of that list is read, and so in memory, once a program starts.
fn main() {
    println!("cargo:rerun-if-env-changed=PROFILE");
    let target = |name| std::env::var(name).unwrap_or_default();
    let glibc = target("CARGO_CFG_TARGET_OS") == "linux" && target("CARGO_CFG_TARGET_ENV") == "gnu";
    if glibc && target("PROFILE") == "release" {
        println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}
