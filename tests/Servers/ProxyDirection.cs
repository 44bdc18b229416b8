namespace Servers;

/// <summary>Which way bytes go through a <see cref="TcpProxy"/>.</summary>
[Flags]
public enum ProxyDirection
{
    None = 0,

    /// <summary>From the client to the server.</summary>
    Request = 1,

    /// <summary>From the server to the client.</summary>
    Reply = 2,

    Both = Request | Reply,
}
