using Millrace.Sources;
using Millrace.Storage;
using StackExchange.Redis;

namespace Millrace.Redis.Messages;

/// <summary>The fields of an entry of ours; all but the body are left out when there is nothing to say.</summary>
internal struct MessageFields
{
    private static readonly RedisValue s_body = "body", s_key = "key", s_tenant = "tenant", s_kind = "kind", s_headers = "headers", s_from = "from";

    /// <summary>Whether there is a body, empty or not; an entry without one is somebody else's.</summary>
    public bool IsOurs { get; private set; }

    public ReadOnlyMemory<byte> Body { get; private set; }

    public string? Key { get; private set; }

    public string? Tenant { get; private set; }

    public string? Kind { get; private set; }

    public MessageHeaders? Headers { get; private set; }

    public string? RequeuedFrom { get; private set; }

    /// <summary>Adds the fields of <paramref name="job"/> to a script's arguments, their number first.</summary>
    public static void Write(NewJob job, List<RedisValue> arguments)
    {
        var at = arguments.Count;
        arguments.Add(0);
        Add(arguments, s_body, job.Body);
        if (job.Key is not null) Add(arguments, s_key, job.Key);
        if (job.Tenant is not null) Add(arguments, s_tenant, job.Tenant);
        if (job.Kind.Length > 0) Add(arguments, s_kind, job.Kind);
        if (job.Headers.Count > 0) Add(arguments, s_headers, HeadersText.Write(job.Headers));
        if (job.RequeuedFrom is not null) Add(arguments, s_from, job.RequeuedFrom);
        arguments[at] = arguments.Count - at - 1;
    }

    /// <summary>Takes in one field; those that are none of ours are left alone.</summary>
    public void Read(RedisValue name, RedisValue value)
    {
        var bytes = ((ReadOnlyMemory<byte>)name).Span;
        if (bytes.SequenceEqual("body"u8))
        {
            IsOurs = true;
            Body = (ReadOnlyMemory<byte>)value;
        }
        else if (bytes.SequenceEqual("key"u8)) Key = NonEmpty(value);
        else if (bytes.SequenceEqual("tenant"u8)) Tenant = NonEmpty(value);
        else if (bytes.SequenceEqual("kind"u8)) Kind = value;
        else if (bytes.SequenceEqual("headers"u8)) Headers = HeadersText.Read((ReadOnlyMemory<byte>)value);
        else if (bytes.SequenceEqual("from"u8)) RequeuedFrom = NonEmpty(value);
    }

    private static string? NonEmpty(RedisValue value) => value.IsNullOrEmpty ? null : (string?)value;

    private static void Add(List<RedisValue> arguments, RedisValue name, RedisValue value)
    {
        arguments.Add(name);
        arguments.Add(value);
    }
}
