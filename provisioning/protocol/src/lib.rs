//! The configuration schema and wire types that fleet and room share.
