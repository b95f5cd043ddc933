//! What happens in a room, as lists of what is heard and what must follow.

mod going_on;
mod joining;
mod talking;
mod world;
