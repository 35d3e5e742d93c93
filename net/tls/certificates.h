// Certificates and keys from PEM files, checked before anything rests on them, and what speaks TLS
// with them.
#pragma once

#include <kj/compat/tls.h>

#include <cstdint>
#include <memory>
#include <string>

#include "engine/env/result.h"

namespace synchrodb::net {

// A PEM file, and the option that named it, for messages.
struct PemFile {
  std::string path;  // empty: none
  std::string option;
};

struct TlsFiles {
  PemFile certificate;  // one's own, with the chain behind it; none: only for clients
  PemFile key;          // of the certificate
  PemFile authorities;  // whom to believe; none: the system's
  // Of a server: whoever connects must show a certificate of one of the authorities.
  bool demand_certificate = false;
};

// kInvalid if a file cannot be read, holds no PEM, is out of date or does not fit the others; the
// message begins with the option and names the file. Blocks on files.
Result<std::unique_ptr<kj::TlsContext>> make_tls_context(const TlsFiles& files);

// When the first certificate of a file is out of date, in seconds since the epoch; 0: unreadable.
std::int64_t certificate_expiry(const std::string& path);

}  // namespace synchrodb::net
