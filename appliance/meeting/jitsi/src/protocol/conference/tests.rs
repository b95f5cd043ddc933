//! What happens in a room, as lists of what is heard and what must follow.

mod codec;
mod direct;
mod going_on;
mod joining;
mod talking;
mod two_rooms;
mod world;
