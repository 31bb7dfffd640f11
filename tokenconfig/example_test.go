package tokenconfig_test

import (
	"fmt"

	"github.com/tokenacl/tokenacl/tokenconfig"
)

func Example() {
	cfg, err := tokenconfig.Parse([]byte(`{
		"Name": "search",
		"UserTokenConfigurations": [{"JwtTokenTypeConfiguration": {
			"KeyLocation": "URL",
			"URL": "https://idp.example.com/.well-known/jwks.json",
			"Issuer": "https://idp.example.com/",
			"ClaimRegex": "search-.*"
		}}]
	}`), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(cfg.Policy, cfg.KeysURL())

	_, err = tokenconfig.Parse([]byte(`{
		"UserTokenConfigurations": [{"JwtTokenTypeConfiguration": {
			"KeyLocation": "URL",
			"SecretManagerARN": "arn:aws:secretsmanager:us-west-2:111122223333:secret:keys-AbCdEf"
		}}]
	}`), nil)
	fmt.Println(err)
	// Output:
	// USER_TOKEN https://idp.example.com/.well-known/jwks.json
	// tokenconfig: /UserTokenConfigurations/0/JwtTokenTypeConfiguration/SecretManagerARN: is unknown; did you mean SecretManagerArn?
	// tokenconfig: /UserTokenConfigurations/0/JwtTokenTypeConfiguration/URL: is missing, although KeyLocation is URL; set URL, or set KeyLocation to SECRET_MANAGER and SecretManagerArn
}
