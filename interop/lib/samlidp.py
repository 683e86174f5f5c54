"""A throw-away SAML identity provider: its metadata, and responses that xmlsec1 has signed."""
import base64
import datetime
import os
import subprocess
import tempfile
import uuid

ATTRIBUTES = "https://aws.amazon.com/SAML/Attributes/"
ISSUER = "https://idp.example/saml"

SIGNATURE = """<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo>
<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>
<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/>
<ds:Reference URI="#{id}"><ds:Transforms><ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>
<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/></ds:Transforms>
<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue/></ds:Reference></ds:SignedInfo>
<ds:SignatureValue/><ds:KeyInfo><ds:X509Data><ds:X509Certificate/></ds:X509Data></ds:KeyInfo></ds:Signature>"""


class Provider:
    def __init__(self):
        self.dir = tempfile.TemporaryDirectory()
        self.key, self.cert = self.path("key.pem"), self.path("cert.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", self.key, "-out", self.cert, "-days", "2", "-subj", "/CN=idp.example"], check=True, capture_output=True)

    def path(self, name):
        return os.path.join(self.dir.name, name)

    def stop(self):
        self.dir.cleanup()

    def metadata(self):
        with open(self.cert) as f:
            cert = "".join(line.strip() for line in f if "-----" not in line)
        return f"""<?xml version="1.0"?><md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{ISSUER}">
<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><md:KeyDescriptor use="signing">
<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>{cert}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>
<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://idp.example/sso"/></md:IDPSSODescriptor></md:EntityDescriptor>"""

    def response(self, role, provider, name="user@corp.example", audience="urn:amazon:webservices", issued=None, **attributes):
        """A response in base64 whose assertion is signed."""
        at = issued or datetime.datetime.now(datetime.timezone.utc)
        stamp = lambda minutes: (at + datetime.timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")
        id = "_" + uuid.uuid4().hex
        attributes = {"Role": [f"{role},{provider}"], "RoleSessionName": [name]} | attributes
        text = "".join(f'<saml:Attribute Name="{ATTRIBUTES}{k}">' + "".join(f"<saml:AttributeValue>{v}</saml:AttributeValue>" for v in values) + "</saml:Attribute>" for k, values in attributes.items())
        doc = f"""<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_r{id}" Version="2.0" IssueInstant="{stamp(0)}" Destination="https://signin.aws.amazon.com/saml">
<saml:Issuer>{ISSUER}</saml:Issuer><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>
<saml:Assertion ID="{id}" Version="2.0" IssueInstant="{stamp(0)}"><saml:Issuer>{ISSUER}</saml:Issuer>{SIGNATURE.format(id=id)}
<saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">{name}</saml:NameID>
<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData NotOnOrAfter="{stamp(5)}" Recipient="https://signin.aws.amazon.com/saml"/></saml:SubjectConfirmation></saml:Subject>
<saml:Conditions NotBefore="{stamp(-1)}" NotOnOrAfter="{stamp(60)}"><saml:AudienceRestriction><saml:Audience>{audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions>
<saml:AuthnStatement AuthnInstant="{stamp(0)}"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>
<saml:AttributeStatement>{text}</saml:AttributeStatement></saml:Assertion></samlp:Response>"""
        plain, signed = self.path("plain.xml"), self.path("signed.xml")
        with open(plain, "w") as f:
            f.write(doc)
        subprocess.run(["xmlsec1", "--sign", "--privkey-pem", f"{self.key},{self.cert}", "--id-attr:ID", "urn:oasis:names:tc:SAML:2.0:assertion:Assertion", "--output", signed, plain], check=True, capture_output=True)
        with open(signed, "rb") as f:
            return base64.b64encode(f.read()).decode()
