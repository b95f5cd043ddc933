//! The touch panel: a view of the room, drawn to pixels and described as a semantics tree.
