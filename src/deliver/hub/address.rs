//! Which addresses are of the public internet: the only ones that a hub may have.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether an address is of the public internet, by the registries of special addresses (RFC 6890, and what IANA added since).
/// An IPv6 address that stands for one of IPv4 is what that one is.
pub(super) fn is_global(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_global_v4(address),
        IpAddr::V6(address) => is_global_v6(address),
    }
}

/// Networks of IPv4 that are not of the public internet, each with the bits that name it.
const SPECIAL_V4: [([u8; 4], u32); 15] = [
    // This network.
    ([0, 0, 0, 0], 8),
    // Private, as are 172.16/12 and 192.168/16 below.
    ([10, 0, 0, 0], 8),
    // Shared by the customers of a provider.
    ([100, 64, 0, 0], 10),
    // This machine.
    ([127, 0, 0, 0], 8),
    // Of one link: where clouds keep what their machines may know.
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    // For protocols.
    ([192, 0, 0, 0], 24),
    // For documentation, as are 198.51.100/24 and 203.0.113/24.
    ([192, 0, 2, 0], 24),
    // Relays of 6to4, long given up.
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    // For measuring.
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    // To many at once.
    ([224, 0, 0, 0], 4),
    // Reserved, and all on this network.
    ([240, 0, 0, 0], 4),
];

fn is_global_v4(address: Ipv4Addr) -> bool {
    let bits = u32::from(address);
    !SPECIAL_V4.iter().any(|&(network, length)| (bits ^ u32::from(Ipv4Addr::from(network))) >> (32 - length) == 0)
}

/// Of IPv6 only `2000::/3` is given out: everything else is of this machine, link or organisation, to many at once, or nobody's.
fn is_global_v6(address: Ipv6Addr) -> bool {
    match address.segments() {
        // Mapped, translated by the network (RFC 6052), and 6to4.
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
            is_global_v4(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low)))
        }
        // For protocols, with Teredo, and for documentation twice.
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => false,
        [first, ..] => first >> 13 == 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn all(addresses: &str, global: bool) {
        for text in addresses.split_whitespace() {
            let address: IpAddr = text.parse().expect("an address");
            assert_eq!(is_global(address), global, "{text}");
        }
    }

    #[test]
    fn special_networks_of_version_4_end_where_they_end() {
        all(
            "0.0.0.0 0.255.255.255 10.0.0.0 10.255.255.255 100.64.0.0 100.127.255.255 127.0.0.0 127.0.0.1 127.255.255.255
             169.254.0.0 169.254.169.254 169.254.255.255 172.16.0.0 172.31.255.255 192.0.0.0 192.0.0.255 192.0.2.0 192.0.2.255
             192.88.99.0 192.88.99.255 192.168.0.0 192.168.255.255 198.18.0.0 198.19.255.255 198.51.100.0 198.51.100.255
             203.0.113.0 203.0.113.255 224.0.0.0 239.255.255.255 240.0.0.0 255.255.255.254 255.255.255.255",
            false,
        );
        all(
            "1.0.0.0 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 169.253.255.255 169.255.0.0
             172.15.255.255 172.32.0.0 192.0.1.0 192.0.1.255 192.0.3.0 192.88.98.255 192.88.100.0 192.167.255.255 192.169.0.0
             198.17.255.255 198.20.0.0 198.51.99.255 198.51.101.0 203.0.112.255 203.0.114.0 223.255.255.255 8.8.8.8",
            true,
        );
    }

    #[test]
    fn special_networks_of_version_6_and_what_stands_for_version_4() {
        all(
            ":: ::1 ::2 ::7f00:1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:0:8.8.8.8 64:ff9b::10.0.0.1
             64:ff9b::127.0.0.1 64:ff9b:1::8.8.8.8 100::1 1fff:: 2001::1 2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:1ff:ffff::1
             2001:db8:: 2001:db8:ffff::1 2002:a00:1::1 2002:7f00:1:: 2002:c0a8:101:: 3fff:: 3fff:fff:ffff::1 4000:: 5f00::1
             fc00:: fd12:3456:789a::1 fdff:ffff:: fe80::1 febf::1 fec0::1 ff00:: ff02::1 ffff:ffff::",
            false,
        );
        all(
            "2000:: 2001:200:: 2001:4860:4860::8888 2001:db7:: 2001:db9:: 2002:808:808::1 2606:4700::1111 2a00:1450:4001::1
             3ffe:: 3fff:1000:: ::ffff:8.8.8.8 64:ff9b::8.8.8.8",
            true,
        );
    }
}
