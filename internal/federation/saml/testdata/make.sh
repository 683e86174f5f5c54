#!/bin/sh
# Makes the signed responses of this directory anew, with xmlsec1 and openssl, from
# response.xml and the styles below. Their clock is 2026-11-22T01:02:03Z. The keys
# are for tests alone: they sign nothing that anybody trusts.
set -eu
cd "$(dirname "$0")"
cert() { # NAME NEWKEY…: NAME.key, NAME.crt
  n=$1; shift
  openssl req -x509 -newkey "$@" -nodes -keyout "$n.key" -out "$n.crt" -days 36500 -subj "/CN=$n.idp.example" 2>/dev/null
}
[ -f rsa.key ] || cert rsa rsa:2048
[ -f other.key ] || cert other rsa:2048
[ -f ecdsa.key ] || cert ecdsa ec -pkeyopt ec_paramgen_curve:P-256

# signature PREFIX METHOD DIGEST ID KEYINFO
signature() {
  if [ -n "$1" ]; then p="$1:"; ns="xmlns:$1"; else p=; ns=xmlns; fi
  printf '<%sSignature %s="http://www.w3.org/2000/09/xmldsig#"><%sSignedInfo>' "$p" "$ns" "$p"
  printf '<%sCanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>' "$p"
  printf '<%sSignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#%s"/>' "$p" "$2"
  printf '<%sReference URI="#%s"><%sTransforms>' "$p" "$4" "$p"
  printf '<%sTransform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>' "$p"
  printf '<%sTransform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"><InclusiveNamespaces xmlns="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="xs"/></%sTransform>' "$p" "$p"
  printf '</%sTransforms><%sDigestMethod Algorithm="%s"/><%sDigestValue/></%sReference>' "$p" "$p" "$3" "$p" "$p"
  printf '</%sSignedInfo><%sSignatureValue/>%s</%sSignature>' "$p" "$p" "$5" "$p"
}
x509() { printf '<%sKeyInfo><%sX509Data><%sX509Certificate/></%sX509Data></%sKeyInfo>' "$1" "$1" "$1" "$1" "$1"; }
sign() { # KEY FILE
  xmlsec1 --sign --privkey-pem "$1.key,$1.crt" --id-attr:ID urn:oasis:names:tc:SAML:2.0:protocol:Response \
    --id-attr:ID urn:oasis:names:tc:SAML:2.0:assertion:Assertion --output "$2.tmp" "$2"
  mv "$2.tmp" "$2"
}
put() { # MARK TEXT FILE: replaces <!--MARK--> by TEXT
  awk -v mark="<!--$1-->" -v text="$2" '{ i = index($0, mark); if (i) $0 = substr($0, 1, i-1) text substr($0, i+length(mark)); print }' "$3" >"$3.tmp"
  mv "$3.tmp" "$3"
}
sha256=http://www.w3.org/2001/04/xmlenc#sha256
sha512=http://www.w3.org/2001/04/xmlenc#sha512
sha384=http://www.w3.org/2001/04/xmldsig-more#sha384

# The response signed, as Okta does among others.
cp response.xml response-rsa.xml
put response "$(signature ds rsa-sha256 $sha256 _r1 "$(x509 ds:)")" response-rsa.xml
put assertion "" response-rsa.xml
sign rsa response-rsa.xml
# The assertion signed, as Entra ID does.
cp response.xml assertion-rsa.xml
put response "" assertion-rsa.xml
put assertion "$(signature "" rsa-sha512 $sha512 _a1 "$(x509 "")")" assertion-rsa.xml
sign rsa assertion-rsa.xml
# Both.
cp response.xml both-rsa.xml
put assertion "$(signature ds rsa-sha256 $sha256 _a1 "$(x509 ds:)")" both-rsa.xml
sign rsa both-rsa.xml
put response "$(signature ds rsa-sha384 $sha384 _r1 "$(x509 ds:)")" both-rsa.xml
sign rsa both-rsa.xml
# The assertion by ECDSA, without KeyInfo.
cp response.xml assertion-ecdsa.xml
put response "" assertion-ecdsa.xml
put assertion "$(signature ds ecdsa-sha256 $sha256 _a1 "")" assertion-ecdsa.xml
sign ecdsa assertion-ecdsa.xml
# Default namespaces, as AD FS writes them: assertion signed.
sed -e 's/<saml:/</g; s/<\/saml:/<\//g; s/<Assertion /<Assertion xmlns="urn:oasis:names:tc:SAML:2.0:assertion" /' \
    -e 's/^  <Issuer>/  <Issuer xmlns="urn:oasis:names:tc:SAML:2.0:assertion">/' response.xml >default-rsa.xml
put response "" default-rsa.xml
put assertion "$(signature ds rsa-sha256 $sha256 _a1 "$(x509 ds:)")" default-rsa.xml
sign rsa default-rsa.xml
# What nothing may be signed with.
cp response.xml sha1.xml
put response "" sha1.xml
put assertion "$(signature ds rsa-sha256 $sha256 _a1 "$(x509 ds:)" | sed 's/2001\/04\/xmldsig-more#rsa-sha256/2000\/09\/xmldsig#rsa-sha1/')" sha1.xml
sign rsa sha1.xml
cp response.xml foreign.xml
put response "" foreign.xml
put assertion "$(signature ds rsa-sha256 $sha256 _a1 "$(x509 ds:)")" foreign.xml
sign other foreign.xml

# The provider's metadata.
key() { printf '<md:KeyDescriptor use="%s"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>%s</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>' "$1" "$(sed '/-----/d' "$2.crt" | tr -d '\n')"; }
{
  echo '<?xml version="1.0" encoding="UTF-8"?>'
  echo '<!-- metadata of a provider that exists in tests -->'
  echo '<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="https://idp.example/saml" validUntil="2036-01-02T03:04:05Z">'
  echo '<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol" WantAuthnRequestsSigned="false">'
  key signing rsa; key encryption other; key signing ecdsa
  echo '<md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:persistent</md:NameIDFormat>'
  echo '<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.example/sso"/>'
  echo '</md:IDPSSODescriptor></md:EntityDescriptor>'
} >metadata.xml
