package jwks

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"syscall"
)

// never are addresses that no issuer publishes keys at, and where a cloud tells
// secrets to whoever asks from inside.
var never = prefixes(
	"0.0.0.0/8", "::/128", // unspecified: this host
	"224.0.0.0/4", "255.255.255.255/32", "ff00::/8", // multicast and broadcast
	"169.254.0.0/16", "fe80::/10", // link-local, with 169.254.169.254 and 169.254.170.2
	"fd00:ec2::254/128", "fd00:ec2::23/128", // Amazon EC2, EKS
	"fd20:ce::254/128",   // Google Compute Engine
	"fd00:42::42/128",    // Scaleway
	"100.100.100.200/32", // Alibaba Cloud
	"168.63.129.16/32",   // Azure
	"192.0.0.192/32",     // Oracle Cloud
)

// private are addresses inside of a machine, a site or a provider.
var private = prefixes(
	"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", // RFC 1918
	"fc00::/7", "fec0::/10", // unique local, RFC 4193; site-local, RFC 3879
	"127.0.0.0/8", "::1/128", // loopback
	"100.64.0.0/10",                                   // shared by customers of a provider, RFC 6598
	"192.0.0.0/24", "198.18.0.0/15", "64:ff9b:1::/48", // RFC 6890, RFC 2544, RFC 8215
	"240.0.0.0/4", // reserved
)

func prefixes(list ...string) []netip.Prefix {
	all := make([]netip.Prefix, len(list))
	for i, p := range list {
		all[i] = netip.MustParsePrefix(p)
	}
	return all
}

// checkAddress refuses what a host name must not lead to. It is asked with the
// address that is about to be dialled, after the name was resolved.
func checkAddress(addr netip.Addr, denyPrivate bool) error {
	for _, a := range meanings(addr) {
		switch {
		case within(a, never):
			return errors.New("the host has an address that is link-local, multicast, unspecified or of cloud metadata")
		case denyPrivate && within(a, private):
			return errors.New("the host has a private address, and DenyPrivateAddresses is set")
		}
	}
	return nil
}

func within(a netip.Addr, list []netip.Prefix) bool {
	return slices.ContainsFunc(list, func(p netip.Prefix) bool { return p.Contains(a) })
}

// Prefixes of IPv6 addresses that lead to an IPv4 address.
var (
	atEnd = prefixes(
		"64:ff9b::/96",    // NAT64, RFC 6052
		"::ffff:0:0:0/96", // translated, RFC 2765
		"::/96",           // compatible, RFC 4291 section 2.5.5.1
	)
	localNAT64 = netip.MustParsePrefix("64:ff9b:1::/48") // RFC 8215: any length of RFC 6052
	sixToFour  = netip.MustParsePrefix("2002::/16")      // RFC 3056
	teredo     = netip.MustParsePrefix("2001::/32")      // RFC 4380
)

// meanings returns addr, and the IPv4 addresses to which a gateway or the
// system may take what is sent there.
func meanings(addr netip.Addr) []netip.Addr {
	addr = addr.WithZone("").Unmap()
	all := []netip.Addr{addr}
	if addr.Is4() {
		return all
	}
	b := addr.As16()
	v4 := func(octets []byte) { all = append(all, netip.AddrFrom4([4]byte(octets))) }
	switch {
	case addr == netip.IPv6Loopback():
	case within(addr, atEnd):
		v4(b[12:])
	case localNAT64.Contains(addr): // RFC 6052, section 2.2: four places, octet 8 left out
		for _, place := range [][]byte{{b[6], b[7], b[9], b[10]}, {b[7], b[9], b[10], b[11]}, b[9:13], b[12:]} {
			if place[0] != 0 { // of another length: no address begins so
				v4(place)
			}
		}
	case sixToFour.Contains(addr):
		v4(b[2:6])
	case teredo.Contains(addr):
		v4(b[4:8]) // the server; the client is written inverted
		v4(binary.BigEndian.AppendUint32(nil, ^binary.BigEndian.Uint32(b[12:])))
	}
	return all
}

// controlDial is a net.Dialer's Control.
func controlDial(denyPrivate bool) func(network, address string, _ syscall.RawConn) error {
	return func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil {
			return fmt.Errorf("not an address with a port: %w", err)
		}
		return checkAddress(to.Addr(), denyPrivate)
	}
}
