package tokenconfig

import "strings"

// Members of the API's shapes that are named in more than one place.
const (
	policyMember      = "UserContextPolicy"
	resolutionMember  = "UserGroupResolutionConfiguration"
	modeMember        = "UserGroupResolutionMode"
	tokensMember      = "UserTokenConfigurations"
	tokensAlias       = "UserTokenConfigurationList" // so in Kendra's guide to a JWT with a public key
	jwtMember         = "JwtTokenTypeConfiguration"
	jsonMember        = "JsonTokenTypeConfiguration"
	keyLocationMember = "KeyLocation"
	urlMember         = "URL"
	arnMember         = "SecretManagerArn"
	userFieldMember   = "UserNameAttributeField"
	groupFieldMember  = "GroupAttributeField"
)

// Paths at which a Config built in Go is reported, as if it had been read.
const (
	policyPath     = "/" + policyMember
	resolutionPath = "/" + resolutionMember + "/" + modeMember
	tokensPath     = "/" + tokensMember
	tokenPath      = tokensPath + "/0"
	jwtPath        = tokenPath + "/" + jwtMember
	jsonPath       = tokenPath + "/" + jsonMember
)

// documentMembers are all members of the three operations' JSON.
var documentMembers = []string{
	// of all three
	tokensMember, tokensAlias, policyMember, resolutionMember, "Name", "Description", "RoleArn",
	// of CreateIndex; the first two of DescribeIndex too
	"Edition", "ServerSideEncryptionConfiguration", "ClientToken", "Tags",
	// of UpdateIndex; the first two of DescribeIndex too
	"Id", "CapacityUnits", "DocumentMetadataConfigurationUpdates",
	// of DescribeIndex
	"DocumentMetadataConfigurations", "IndexStatistics", "Status", "CreatedAt", "UpdatedAt", "ErrorMessage",
	// added to answers by the AWS SDKs for Python and for JavaScript
	"ResponseMetadata", "$metadata",
}

// A spelling is the API's name of a value.
type spelling[T comparable] struct {
	text  string
	value T
}

var (
	policies     = []spelling[Policy]{{"USER_TOKEN", UserToken}, {"ATTRIBUTE_FILTER", AttributeFilter}}
	keyLocations = []spelling[KeyLocation]{{"URL", KeyURL}, {"SECRET_MANAGER", KeySecretManager}}
	resolutions  = []spelling[GroupResolution]{{"NONE", None}, {"AWS_SSO", AWSSSO}}
	editions     = []spelling[edition]{{"DEVELOPER_EDITION", developer}, {"ENTERPRISE_EDITION", enterprise}, {"GEN_AI_ENTERPRISE_EDITION", genAI}}
)

type edition uint8

const (
	developer edition = iota + 1
	enterprise
	genAI
)

// spell returns the API's name of v, "" when it has none.
func spell[T comparable](list []spelling[T], v T) string {
	for _, s := range list {
		if s.value == v {
			return s.text
		}
	}
	return ""
}

func spellings[T comparable](list []spelling[T]) []string {
	var all []string
	for _, s := range list {
		all = append(all, s.text)
	}
	return all
}

// nearest returns the known name that was probably meant: the same but for the
// case of letters, or else at most two slips away. "" when there is none.
func nearest(name string, known []string) string {
	best, fewest := "", 3
	lower := strings.ToLower(name)
	for _, k := range known {
		if n := slips(lower, strings.ToLower(k), fewest); n < fewest {
			best, fewest = k, n
		}
	}
	return best
}

// slips counts the bytes to insert, drop or replace to make b of a, up to most.
func slips(a, b string, most int) int {
	if len(a)-len(b) >= most || len(b)-len(a) >= most {
		return most
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, diagonal+1, row[j]+1)
		}
	}
	return min(row[len(b)], most)
}
