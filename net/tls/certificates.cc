#include "net/tls/certificates.h"

#include <kj/vector.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cerrno>
#include <ctime>
#include <fstream>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

namespace synchrodb::net {
namespace {

// Certificates are small; whoever names /dev/zero shall be told so.
constexpr std::size_t kMaxPemBytes = 1 << 20;

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
struct FreeCertificate {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Bio = std::unique_ptr<BIO, FreeBio>;
using Certificate = std::unique_ptr<X509, FreeCertificate>;
using Key = std::unique_ptr<EVP_PKEY, FreeKey>;

Error wrong(const PemFile& file, const std::string& why) {
  return {ErrorCode::kInvalid, file.option + ": " + file.path + ": " + why};
}

Result<std::string> read_pem(const PemFile& file) {
  std::ifstream in(file.path, std::ios::binary);
  if (!in) return wrong(file, "cannot read it: " + std::generic_category().message(errno));
  std::string text(kMaxPemBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) return wrong(file, "cannot read it");
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > kMaxPemBytes) return wrong(file, "is too large to be a PEM file");
  return text;
}

Bio reader_of(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::vector<Certificate> certificates_of(const std::string& pem) {
  std::vector<Certificate> all;
  const Bio in = reader_of(pem);
  while (X509* one = PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr)) all.emplace_back(one);
  return all;
}

std::string text_of(const ASN1_TIME* time) {
  const Bio out(BIO_new(BIO_s_mem()));
  ASN1_TIME_print(out.get(), time);
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

Result<> check_dates(const PemFile& file, const X509& certificate) {
  const ASN1_TIME* first = X509_get0_notBefore(&certificate);
  const ASN1_TIME* last = X509_get0_notAfter(&certificate);
  if (X509_cmp_current_time(first) > 0) {
    return wrong(file, "the certificate is not valid before " + text_of(first));
  }
  if (X509_cmp_current_time(last) < 0) {
    return wrong(file, "the certificate expired on " + text_of(last));
  }
  return {};
}

// Without a way to ask for a password, an encrypted key is of no use.
int no_password(char*, int, int, void*) {
  return -1;
}

Result<> check_pair(const TlsFiles& files, const std::string& certificate_pem,
                    const std::string& key_pem) {
  const std::vector<Certificate> chain = certificates_of(certificate_pem);
  if (chain.empty()) return wrong(files.certificate, "holds no certificate (PEM)");
  if (Result<> dated = check_dates(files.certificate, *chain.front()); !dated) return dated;
  const Bio in = reader_of(key_pem);
  const Key key(PEM_read_bio_PrivateKey(in.get(), nullptr, no_password, nullptr));
  if (key == nullptr) {
    return wrong(files.key, "holds no private key (PEM, not protected by a password)");
  }
  if (X509_check_private_key(chain.front().get(), key.get()) != 1) {
    return wrong(files.key, "is not the key of the certificate in " + files.certificate.path);
  }
  return {};
}

kj::StringPtr view(const std::string& text) {
  return {text.c_str(), text.size()};
}

// KJ takes what one text holds for a chain, but these stand each by themselves.
Result<std::vector<std::string>> read_authorities(const PemFile& file) {
  Result<std::string> pem = read_pem(file);
  if (!pem) return pem.error();
  std::vector<std::string> each;
  for (const Certificate& certificate : certificates_of(pem.value())) {
    if (Result<> dated = check_dates(file, *certificate); !dated) return dated.error();
    const Bio out(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509(out.get(), certificate.get());
    char* text = nullptr;
    const long size = BIO_get_mem_data(out.get(), &text);
    each.emplace_back(text, static_cast<std::size_t>(size));
  }
  if (each.empty()) return wrong(file, "holds no certificate (PEM)");
  return each;
}

struct Texts {
  std::string certificate;
  std::string key;
  std::vector<std::string> authorities;
};

Result<Texts> read_files(const TlsFiles& files) {
  Texts texts;
  if (!files.authorities.path.empty()) {
    Result<std::vector<std::string>> authorities = read_authorities(files.authorities);
    if (!authorities) return authorities.error();
    texts.authorities = std::move(authorities).value();
  }
  if (files.certificate.path.empty()) return texts;
  Result<std::string> certificate = read_pem(files.certificate);
  if (!certificate) return certificate.error();
  Result<std::string> key = read_pem(files.key);
  if (!key) return key.error();
  if (Result<> pair = check_pair(files, certificate.value(), key.value()); !pair) {
    return pair.error();
  }
  texts.certificate = std::move(certificate).value();
  texts.key = std::move(key).value();
  return texts;
}

}  // namespace

Result<std::unique_ptr<kj::TlsContext>> make_tls_context(const TlsFiles& files) {
  Result<Texts> read = read_files(files);
  if (!read) return read.error();
  const Texts& texts = read.value();
  try {
    kj::TlsContext::Options options;
    options.verifyClients = files.demand_certificate;
    kj::Vector<kj::TlsCertificate> authorities;
    for (const std::string& one : texts.authorities) authorities.add(view(one));
    options.useSystemTrustStore = authorities.empty();
    options.trustedCertificates = authorities;
    kj::Maybe<kj::TlsKeypair> own;
    if (!texts.certificate.empty()) {
      own = kj::TlsKeypair{kj::TlsPrivateKey(view(texts.key)),
                           kj::TlsCertificate(view(texts.certificate))};
      KJ_IF_MAYBE (pair, own) options.defaultKeypair = *pair;
    }
    return std::make_unique<kj::TlsContext>(kj::mv(options));
  } catch (const kj::Exception& exception) {
    const PemFile& blamed = files.certificate.path.empty() ? files.authorities : files.certificate;
    return wrong(blamed, exception.getDescription().cStr());
  }
}

std::int64_t certificate_expiry(const std::string& path) {
  const Result<std::string> pem = read_pem({path, ""});
  if (!pem) return 0;
  const std::vector<Certificate> chain = certificates_of(pem.value());
  if (chain.empty()) return 0;
  std::tm time{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(chain.front().get()), &time) != 1) return 0;
  return timegm(&time);
}

}  // namespace synchrodb::net
