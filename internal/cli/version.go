package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// Version describes this binary in one line, from what the Go tool stamped
// into it: "deputyd v0.1.0 (0123456789ab, go1.26.8, linux/amd64)".
func Version(name string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	return describe(name, info)
}

func describe(name string, info *debug.BuildInfo) string {
	version := info.Main.Version
	if version == "" || version == "(devel)" {
		version = "devel"
	}
	commit := ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision" && s.Value != "":
			commit = s.Value[:min(12, len(s.Value))] + commit + ", "
		case s.Key == "vcs.modified" && s.Value == "true":
			commit += "modified, "
		}
	}
	return fmt.Sprintf("%s %s (%s%s, %s/%s)", name, version, commit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
