package seal

// Purposes of sealed texts, in one list so that no two are the same. A text
// opens only under the purpose it was sealed for. They are part of the format:
// a changed label makes every text sealed under it unreadable.
const (
	Session = "session" // session tokens
	Record  = "record"  // records of the store
	Canary  = "canary"  // the record that tells whether a ring is the store's
	Marker  = "marker"  // pagination markers
	Cookie  = "cookie"  // browser sessions
	Signin  = "signin"  // sign-in tokens of the federation endpoint
	Message = "message" // encoded messages of denials
)
