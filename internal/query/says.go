package query

// sayings are the sentences with which IAM refuses names and paths instead of
// showing the pattern, by the word that a tag's `says` holds. The member's name
// goes between the halves. (Sources: AWS's replies, as collected in public reports.)
var sayings = map[string]string{
	"name":       " is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-",
	"path":       " is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.",
	"pathPrefix": " is invalid. It must begin with the / character and contain only alphanumeric characters and/or / characters.",
}

const sayingStart = "The specified value for "
