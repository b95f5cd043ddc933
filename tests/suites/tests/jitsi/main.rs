//! A room in Jitsi conferences, as people notice it: the stand-in of Jitsi's servers by default, or any real installation
//! (`./dev test jitsi --server URL`), where the tests that need control of the servers say that they are skipped.

mod direct;
mod entering;
mod many;
mod moderation;
mod recovering;
mod talking;
mod trying;
