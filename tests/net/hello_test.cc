// Whom a node takes for a peer: what it knows of the others, and what it makes of their hello.
#include <capnp/message.h>
#include <gtest/gtest.h>

#include "net/peer/address_book.h"
#include "net/peer/cluster_identity.h"

namespace synchrodb::net {
namespace {

const std::string kFolder(16, '\x01');
const std::string kOther(16, '\xfe');
constexpr NodeId kSelf{1};
constexpr NodeId kPeer{2};

ClusterIdentity identity(NodeId node, const std::string& folder = "") {
  return {node, std::string(16, 'c'), "", "test", folder};
}

AddressBook book_with(const std::string& folder) {
  AddressBook book;
  book.learn({kPeer, "10.0.0.2:17379", "10.0.0.2:6379", 5});
  book.learn_folder(kPeer, folder);
  return book;
}

// What node 1, which knows `book`, says to node 2, which comes with `folder`; empty: welcome.
std::string answer(const AddressBook& book, const std::string& folder) {
  capnp::MallocMessageBuilder message;
  auto hello = message.initRoot<wire::Hello>();
  write_hello(hello, identity(kPeer, folder), kSelf, AddressBook());
  EXPECT_EQ(folder_of(hello.asReader()), folder);
  const Result<> checked = check_hello(hello.asReader(), identity(kSelf), kPeer, book);
  return checked ? "" : checked.error().message;
}

TEST(Hello, OfANodeWithTheFolderThatItHad) {
  EXPECT_EQ(answer(book_with(kFolder), kFolder), "");
}

TEST(Hello, OfANodeWhoseFolderNobodyKnows) {
  EXPECT_EQ(answer(AddressBook(), kFolder), "");
  EXPECT_EQ(answer(book_with(""), kFolder), "");
}

TEST(Hello, OfANodeThatSaysNoFolder) {
  EXPECT_EQ(answer(book_with(kFolder), ""), "");
}

TEST(Hello, OfANodeThatLostItsFolderIsRefused) {
  const std::string why = answer(book_with(kFolder), kOther);
  EXPECT_NE(why.find("node 2 has another data folder than before"), std::string::npos) << why;
  EXPECT_NE(why.find("Remove node 2"), std::string::npos) << why;
}

TEST(Hello, AFolderIdHas16Bytes) {
  for (const std::size_t size : {1, 15, 17}) {
    EXPECT_NE(answer(AddressBook(), std::string(size, 'x')).find("16 bytes"), std::string::npos);
  }
}

TEST(AddressBook, KeepsFolders) {
  const std::string line = "2 5 10.0.0.2:17379 10.0.0.2:6379";
  const std::string with_folder = line + " 01010101010101010101010101010101\n";
  EXPECT_EQ(book_with(kFolder).to_text(), with_folder);
  EXPECT_EQ(book_with("").to_text(), line + "\n");
  const Result<AddressBook> read = AddressBook::from_text(with_folder);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read.value().folder_of(kPeer), kFolder);
  EXPECT_EQ(read.value().to_text(), with_folder);
}

TEST(AddressBook, KeepsWhereClientsSpeakTls) {
  const std::string line = "2 5 10.0.0.2:17379 10.0.0.2:6379 01010101010101010101010101010101 ";
  const Result<AddressBook> known = AddressBook::from_text(line + "6380\n");
  ASSERT_TRUE(known) << known.error().message;
  EXPECT_EQ(known.value().find(kPeer)->tls_port, 6380);
  EXPECT_EQ(known.value().to_text(), line + "6380\n");
  for (const char* port : {"0", "65536", "-1", "1x", "x"}) {
    const Result<AddressBook> read = AddressBook::from_text(line + port + "\n");
    ASSERT_FALSE(read) << port;
    EXPECT_EQ(read.error().code, ErrorCode::kCorrupt);
  }
}

// Through a node of an earlier version, say, which does not pass it on.
TEST(AddressBook, AnAddressThatComesRoundWithoutItsTlsPortKeepsIt) {
  AddressBook book;
  book.learn({kPeer, "10.0.0.2:17379", "10.0.0.2:6379", 5, 6380});
  EXPECT_FALSE(book.learn({kPeer, "10.0.0.2:17379", "10.0.0.2:6379", 5, 0}));
  EXPECT_EQ(book.find(kPeer)->tls_port, 6380);
  EXPECT_TRUE(book.learn({kPeer, "10.0.0.2:17379", "10.0.0.2:6379", 6, 0}));  // it says so itself
  EXPECT_EQ(book.find(kPeer)->tls_port, 0);
}

TEST(Hello, TellsWhereClientsSpeakTls) {
  AddressBook book;
  book.learn({kPeer, "10.0.0.2:17379", "10.0.0.2:6379", 5, 6380});
  capnp::MallocMessageBuilder message;
  auto hello = message.initRoot<wire::Hello>();
  write_hello(hello, identity(kPeer, kFolder), kSelf, book);
  EXPECT_EQ(addresses_of(hello.asReader()), book.all());
}

TEST(AddressBook, AFolderIsNewsOnceAndStays) {
  AddressBook book = book_with("");
  EXPECT_FALSE(book.learn_folder(kPeer, ""));
  EXPECT_TRUE(book.learn_folder(kPeer, kFolder));
  EXPECT_FALSE(book.learn_folder(kPeer, kFolder));
  EXPECT_FALSE(book.learn_folder(kPeer, kOther));
  EXPECT_EQ(book.folder_of(kPeer), kFolder);
  EXPECT_EQ(book.folder_of(kSelf), "");
}

TEST(AddressBook, WhatIsSaidOfAnAddressLeavesTheFolder) {
  AddressBook book = book_with(kFolder);
  book.learn({kPeer, "10.0.0.3:17379", "", 0});
  EXPECT_TRUE(book.learn({kPeer, "10.0.0.4:17379", "", 9}));
  EXPECT_EQ(book.folder_of(kPeer), kFolder);
  EXPECT_EQ(book.to_text(), "2 9 10.0.0.4:17379 10.0.0.2:6379 01010101010101010101010101010101\n");
}

// Earlier versions read no further than to the client's port, and would take a folder for it.
TEST(AddressBook, WritesNoFolderInThePlaceOfAPort) {
  AddressBook book;
  book.learn({kPeer, "10.0.0.2:17379", "", 5});
  book.learn_folder(kPeer, kFolder);
  EXPECT_EQ(book.to_text(), "2 5 10.0.0.2:17379\n");
}

// The same of a port for TLS in the place of a folder.
TEST(AddressBook, WritesNoTlsPortInThePlaceOfAFolder) {
  AddressBook book;
  book.learn({kPeer, "10.0.0.2:17379", "10.0.0.2:6379", 5, 6380});
  EXPECT_EQ(book.to_text(), "2 5 10.0.0.2:17379 10.0.0.2:6379\n");
}

TEST(AddressBook, AMalformedFolderIsDamage) {
  const std::string line = "2 5 10.0.0.2:17379 10.0.0.2:6379 ";
  for (const std::string& folder :
       {std::string(31, '0'), std::string(30, '0'), std::string(34, '0'), std::string(32, 'g'),
        std::string(32, 'A')}) {
    const Result<AddressBook> read = AddressBook::from_text(line + folder + "\n");
    ASSERT_FALSE(read) << folder;
    EXPECT_EQ(read.error().code, ErrorCode::kCorrupt);
  }
}

}  // namespace
}  // namespace synchrodb::net
