package query

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"reflect"
)

// DecodeXML reads an operation's answer into the output structure that out points
// to, and gives the request id. Elements that the structure does not have are
// skipped, so that a newer server's answers can be read.
func DecodeXML(r io.Reader, op *Op, out any) (requestID string, err error) {
	v, s, err := pointed(out)
	if err != nil {
		return "", err
	}
	d := xml.NewDecoder(r)
	root, err := firstElement(d)
	if err != nil {
		return "", err
	}
	if root.Name.Local != op.Response {
		return "", fmt.Errorf("query: the answer is a %s, not a %s", root.Name.Local, op.Response)
	}
	err = children(d, func(name string) error {
		switch {
		case name == op.Result && op.Result != "":
			return s.readXML(d, v)
		case name == "ResponseMetadata":
			return children(d, func(name string) (err error) {
				if name != "RequestId" {
					return d.Skip()
				}
				requestID, err = text(d)
				return err
			})
		}
		return d.Skip()
	})
	return requestID, err
}

// DecodeErrorXML reads a refusal; the status is the HTTP answer's.
func DecodeErrorXML(r io.Reader, status int) (*Error, error) {
	d := xml.NewDecoder(r)
	root, err := firstElement(d)
	if err != nil {
		return nil, err
	}
	if root.Name.Local != "ErrorResponse" {
		return nil, fmt.Errorf("query: the answer is a %s, not an ErrorResponse", root.Name.Local)
	}
	e := &Error{Code: Code{Status: status}, Framework: root.Name.Space == frameworkNamespace}
	into := map[string]*string{"Code": &e.Name, "Message": &e.Message}
	err = children(d, func(name string) (err error) {
		switch name {
		case "Error":
			return children(d, func(name string) (err error) {
				if into[name] == nil {
					return d.Skip()
				}
				*into[name], err = text(d)
				return err
			})
		case "RequestId":
			e.RequestID, err = text(d)
			return err
		}
		return d.Skip()
	})
	if err == nil && e.Name == "" {
		err = errors.New("query: an ErrorResponse without a code")
	}
	return e, err
}

func firstElement(d *xml.Decoder) (xml.StartElement, error) {
	for {
		t, err := d.Token()
		if err != nil {
			return xml.StartElement{}, err
		}
		if start, ok := t.(xml.StartElement); ok {
			return start, nil
		}
	}
}

// children calls f for each element up to the end of the open one; f consumes it.
func children(d *xml.Decoder, f func(name string) error) error {
	for {
		t, err := d.Token()
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.StartElement:
			if err := f(t.Name.Local); err != nil {
				return err
			}
		case xml.EndElement:
			return nil
		}
	}
}

// text reads the characters of the open element; elements in it are skipped.
func text(d *xml.Decoder) (string, error) {
	var b []byte
	for {
		t, err := d.Token()
		if err != nil {
			return "", err
		}
		switch t := t.(type) {
		case xml.CharData:
			b = append(b, t...)
		case xml.StartElement:
			if err := d.Skip(); err != nil {
				return "", err
			}
		case xml.EndElement:
			return string(b), nil
		}
	}
}

func (s *structure) readXML(d *xml.Decoder, v reflect.Value) error {
	return children(d, func(name string) error {
		at, known := s.byName[name]
		if !known {
			return d.Skip()
		}
		f := &s.fields[at]
		fv := v.Field(f.index)
		if fv.Kind() == reflect.Pointer {
			fv.Set(reflect.New(fv.Type().Elem()))
			fv = fv.Elem()
		}
		return f.shape.readXML(d, fv)
	})
}

func (s *shape) readXML(d *xml.Decoder, v reflect.Value) error {
	switch s.kind {
	case kindStruct:
		return s.fields.readXML(d, v)
	case kindList:
		v.Set(reflect.MakeSlice(v.Type(), 0, 0))
		return children(d, func(name string) error {
			if name != "member" {
				return d.Skip()
			}
			item := reflect.New(v.Type().Elem()).Elem()
			err := s.item.readXML(d, item)
			v.Set(reflect.Append(v, item))
			return err
		})
	case kindMap:
		v.Set(reflect.MakeMap(v.Type()))
		return children(d, func(name string) error {
			if name != "entry" {
				return d.Skip()
			}
			return s.readEntry(d, v)
		})
	}
	t, err := text(d)
	if err != nil {
		return err
	}
	if s.readScalar(v, t) != nil {
		return fmt.Errorf("query: an answer with %q for a %v", cut(t, maxEcho), v.Type())
	}
	return nil
}

func (s *shape) readEntry(d *xml.Decoder, m reflect.Value) error {
	key, value := reflect.New(m.Type().Key()).Elem(), reflect.New(m.Type().Elem()).Elem()
	err := children(d, func(name string) error {
		switch name {
		case "key":
			return s.key.readXML(d, key)
		case "value":
			return s.item.readXML(d, value)
		}
		return d.Skip()
	})
	if err == nil {
		m.SetMapIndex(key, value)
	}
	return err
}
