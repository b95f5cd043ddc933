//! How a network says where its fleet's server is.
//!
//! A service of DNS-SD (RFC 6763), in the network's domains or by multicast on the link (RFC 6762):
//!
//! ```text
//! _saal-fleet._tcp.example.org.        PTR  fleet._saal-fleet._tcp.example.org.
//! fleet._saal-fleet._tcp.example.org.  SRV  0 0 8443 fleet.example.org.
//!                                      TXT  "server=https://fleet.example.org:8443"
//! ```
//!
//! The text is needed where the certificate is for another name than the target's, as with `.local` names; a bare SRV record
//! (RFC 2782) under the service's own name is enough in a domain. Or a DHCP option with the address as text.

/// The service's type, without a domain.
pub const SERVICE: &str = "_saal-fleet._tcp";

/// The key of the text that has the server's address, `https://fleet.example.org:8443`.
pub const SERVER_KEY: &str = "server";

/// The DHCPv4 option with the server's address: of those that each site gives a meaning of its own (RFC 3942).
pub const DHCP_OPTION: u8 = 224;
