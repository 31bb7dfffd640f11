package tokenconfig

// The claims that are the user and the groups when a JWT's configuration does
// not name them. Package claims applies them to empty fields.
const (
	DefaultUserField  = "user"
	DefaultGroupField = "groups"
)

// Config is the declared trust of one index. Its zero value is not valid. It is
// a plain value: reading it is safe for concurrent use, changing it is not.
type Config struct {
	Policy Policy
	// At most one of JWT and JSON is set. Both may be nil when Policy is
	// AttributeFilter: the index then takes no tokens.
	JWT             *JWT
	JSON            *JSON
	GroupResolution GroupResolution
}

// Policy is Kendra's UserContextPolicy.
type Policy uint8

const (
	// UserToken (USER_TOKEN), the zero value: a caller sees the public documents
	// and those that the token's user may see.
	UserToken Policy = iota
	// AttributeFilter (ATTRIBUTE_FILTER): a caller names the user and the groups;
	// in Kendra, one who names nobody sees everything.
	AttributeFilter
)

// String returns Kendra's spelling, or "" for a value that is no Policy.
func (p Policy) String() string { return spell(policies, p) }

// KeyLocation is where the keys that verify a JWT are. Its zero value is not
// valid.
type KeyLocation uint8

const (
	KeyURL           KeyLocation = iota + 1 // URL: a JWKS document at JWT.URL
	KeySecretManager                        // SECRET_MANAGER: the secret JWT.SecretManagerARN
)

// String returns Kendra's spelling, or "" for a value that is no KeyLocation.
func (k KeyLocation) String() string { return spell(keyLocations, k) }

// GroupResolution is Kendra's UserGroupResolutionMode: from where groups that a
// token does not name are added.
type GroupResolution uint8

const (
	None   GroupResolution = iota // NONE, the zero value: from nowhere
	AWSSSO                        // AWS_SSO: from IAM Identity Center; a Gate needs an expander for it
)

// String returns Kendra's spelling, or "" for a value that is no
// GroupResolution.
func (g GroupResolution) String() string { return spell(resolutions, g) }

// JWT is Kendra's JwtTokenTypeConfiguration. An empty string is an absent
// member.
type JWT struct {
	KeyLocation      KeyLocation
	URL              string // https, of a JWKS; needed by KeyURL
	SecretManagerARN string // needed by KeySecretManager

	UserNameAttributeField string // "": DefaultUserField
	GroupAttributeField    string // "": DefaultGroupField

	Issuer     string // equal to the claim iss, byte for byte; "": not declared
	ClaimRegex string // RE2, for the whole of the audience; "": not declared

	// InsecureAllowHTTP admits a URL with the scheme http: whoever is on the way
	// to it can put keys of his own into the answer. No document sets it.
	InsecureAllowHTTP bool
}

// JSON is Kendra's JsonTokenTypeConfiguration. Such a token is JSON text that
// nobody signed. An empty field is the same as in [JWT], though in a document
// both are required.
type JSON struct {
	UserNameAttributeField string
	GroupAttributeField    string
}

// SecretARN returns the ARN of the secret that holds the keys, "" when they do
// not come from a secret.
func (c *Config) SecretARN() string {
	if c == nil || c.JWT == nil || c.JWT.KeyLocation != KeySecretManager {
		return ""
	}
	return c.JWT.SecretManagerARN
}

// KeysURL returns the URL of the keys, "" when they do not come from a URL.
func (c *Config) KeysURL() string {
	if c == nil || c.JWT == nil || c.JWT.KeyLocation != KeyURL {
		return ""
	}
	return c.JWT.URL
}
