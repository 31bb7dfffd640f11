package strictjson_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/tokenacl/tokenacl/internal/strictjson"
)

// payload is a JWT payload of 600 bytes, as an identity provider sends it.
const payload = `{"iss":"https://login.example.com/realms/search","sub":"0f8b6c1e-7d1f-4a51-9a86-2f1f3e0f7c11","aud":["search","account"],` +
	`"exp":1767229200,"nbf":1767225600,"iat":1767225600,"jti":"e3d62304-6608-4b72-ac0a-cb1d7049df5b","typ":"Bearer","azp":"search",` +
	`"username":"mary","name":"Mary Major","email":"mary@example.com","email_verified":true,"scope":"openid profile email",` +
	`"groups":["AWS-SA","Engineering","Research","Everyone","EU-West","Contractors"],` +
	`"realm_access":{"roles":["offline_access","uma_authorization"]},` +
	`"session_state":"6b3a1d0c-4f5e-47a2-8a5f-0c9d8e7f6a5b","acr":"1"}`

var sink any

func BenchmarkParse(b *testing.B) {
	cases := map[string][]byte{
		"payload":       []byte(payload),
		"members-10000": manyMembers(10_000),
		"nested-arrays": []byte(strings.Repeat("[[[[1]]]],", 1000)),
	}
	cases["nested-arrays"] = append(append([]byte("["), cases["nested-arrays"]...), "0]"...)
	for name, text := range cases {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				v, err := strictjson.Parse(text, strictjson.Limits{})
				if err != nil {
					b.Fatal(err)
				}
				sink = v.Kind()
			}
		})
	}
}

// The readers that Parse is measured against.
func BenchmarkOthers(b *testing.B) {
	text := []byte(payload)
	b.Run("jsontext.IsValid", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			sink = jsontext.Value(text).IsValid()
		}
	})
	b.Run("encoding/json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var v map[string]any
			if err := json.Unmarshal(text, &v); err != nil {
				b.Fatal(err)
			}
			sink = v
		}
	})
}

func manyMembers(n int) []byte {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"name-%d":%d`, i, i)
	}
	return []byte("{" + b.String()[1:] + "}")
}
