"""What a wallet or a service shows, verified: OpenID4VP 1.0, SD-JWT (RFC 9901), SD-JWT VC, Token Status List.

Pure but for reading the operator's files and fetching status lists. Whatever is not as it must be raises ``NotGood``.
"""
