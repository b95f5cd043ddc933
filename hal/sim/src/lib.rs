//! Simulated hardware: seeded, machine-readable picture and tone.
