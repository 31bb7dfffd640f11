package s3meta_test

import (
	"fmt"
	"testing/fstest"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/s3meta"
)

// The file system is os.DirFS of a synchronized bucket, or that of an archive.
func ExampleRead() {
	files := fstest.MapFS{
		"Data/blogs/intro.txt":     {},
		"Data/papers/draft.txt":    {},
		"Data/papers/zanzibar.txt": {},
		"Meta/Data/papers/zanzibar.txt.metadata.json": {Data: []byte(`{"Title": "Zanzibar", "AccessControlList": [
			{"Name": "architects", "Type": "GROUP", "Access": "ALLOW"},
			{"Name": "eve", "Type": "USER", "Access": "DENY"}]}`)},
		"Meta/Data/papers/draft.txt.metadata.json": {Data: []byte(`{"accessControlList": []}`)},
	}
	docs, report := s3meta.Read(files, s3meta.Options{Metadata: "Meta/"})

	mary := acl.For(acl.Principal{User: "mary", Groups: []string{"architects"}})
	for key, a := range docs.ACLs() {
		fmt.Println(key, acl.Decide(mary, a, acl.Rules{}))
	}
	fmt.Println(report.Err())
	for _, finding := range report.Lint() {
		fmt.Println(finding)
	}
	// Output:
	// Data/blogs/intro.txt allowed: public document
	// Data/papers/draft.txt denied: the ACL is empty or invalid and admits nobody
	// Data/papers/zanzibar.txt allowed by ALLOW GROUP "architects"
	// s3meta: "Meta/Data/papers/draft.txt.metadata.json": "/accessControlList": unknown member, did you mean AccessControlList?
	// no ACL: "Data/blogs/intro.txt": neither metadata nor a keyPrefix gives it an ACL: public
}
