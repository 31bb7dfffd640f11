// Package corpus has the documents of the scenario in the layout of Kendra's S3
// connector: 25 texts in five folders, with metadata and access control lists.
package corpus

import (
	"embed"

	"github.com/tokenacl/tokenacl/acl/s3meta"
)

// Files are those of the bucket.
//
//go:embed Data Meta
var Files embed.FS

// Layout says where in the bucket is what.
var Layout = s3meta.Options{Metadata: "Meta/", ACLFile: "Meta/acl.json", Bucket: "kendra-demo-bucket", Data: "Data/"}
