// Package s3meta reads document ACLs in the layout of Amazon Kendra's S3
// connector: one metadata file for each document, and one ACL configuration
// file that names key prefixes. It works over any [io/fs.FS] whose paths are the
// object keys of a bucket.
//
// Start with [Read]. It returns every document it found, each with the
// [acl.ACL] that is in force, and a [Report] of what hides documents and of what
// looks like a slip. [Documents.ACLs] feeds an index.
//
// # What is in force
//
// A document's metadata file, where it has one, lies at Options.Metadata + key +
// ".metadata.json". Its AccessControlList, HierarchicalAccessControlList or
// AccessControlConfigurationId is the document's own ACL and replaces what the
// ACL configuration file says. Two of them in one file are refused.
//
// A document without an ACL of its own takes that of the ACL configuration
// file: the ALLOW entries of the longest keyPrefix that its key begins with, and
// the DENY entries of all of them. A keyPrefix is a plain string: "docs/admin"
// also is a prefix of "docs/admin-guide.txt". Equal ones are concatenated.
//
// A document without either is public, as Kendra documents it. Strict mode is
// acl.Rules{Missing: acl.MissingHidden}.
//
// # What hides documents
//
// Whatever cannot be read or understood hides what depends on it and is a
// [Defect] of the report; the rest loads.
//
//   - A metadata file: its document. Members have exact names, unknown ones are
//     refused, and so is a byte order mark.
//   - An entry of the ACL configuration file: the documents under its keyPrefix
//     that have no ACL of their own.
//   - The ACL configuration file, or an entry whose keyPrefix cannot be read, or
//     a file whose entries are all about other buckets: every document without
//     an ACL of its own.
//   - A directory, a symbolic link (none is followed), a key that S3 does not
//     have: the documents in it, which stay unknown, and those whose metadata
//     file would lie in it.
//   - A key that is no path, such as docs//a or docs/../a: its object, which
//     stays unknown.
//   - An empty AccessControlList under a keyPrefix: its document.
//   - An Options.Metadata that nothing lies under: everything.
package s3meta
