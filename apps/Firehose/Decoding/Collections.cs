using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Firehose.Decoding;

/// <summary>The collections met most, by name. Their places in the list are written into stored bodies: append only.</summary>
internal static class Collections
{
    public const string Post = "app.bsky.feed.post";
    public const string Like = "app.bsky.feed.like";
    public const string Repost = "app.bsky.feed.repost";
    public const string Follow = "app.bsky.graph.follow";
    public const string Block = "app.bsky.graph.block";
    public const string Profile = "app.bsky.actor.profile";

    private static readonly string[] Names =
    [
        Post, Like, Repost, Follow, Block, Profile,
        "app.bsky.feed.threadgate", "app.bsky.feed.postgate", "app.bsky.feed.generator",
        "app.bsky.graph.list", "app.bsky.graph.listitem", "app.bsky.graph.listblock", "app.bsky.graph.starterpack", "app.bsky.graph.verification",
        "app.bsky.actor.status", "app.bsky.labeler.service", "app.bsky.notification.declaration", "chat.bsky.actor.declaration",
    ];

    private static readonly byte[][] Utf8Names = [.. Names.Select(Encoding.UTF8.GetBytes)];

    /// <summary>How many have a place.</summary>
    public static int Count => Names.Length;

    /// <summary>The name at a place below <see cref="Count"/>.</summary>
    public static string At(int place) => Names[place];

    /// <summary>The place of <paramref name="name"/>, or -1.</summary>
    public static int PlaceOf(string name) => Array.IndexOf(Names, name);

    /// <summary>Whether the name has a place.</summary>
    public static bool IsKnown(ReadOnlySpan<byte> utf8) => PlaceOf(utf8) >= 0;

    /// <summary>Reads an NSID; one that has a place costs neither a check nor a string.</summary>
    public static bool TryRead(ReadOnlySpan<byte> utf8, [NotNullWhen(true)] out string? name)
    {
        var place = PlaceOf(utf8);
        name = place >= 0 ? Names[place] : Nsid.IsValid(utf8) ? Encoding.UTF8.GetString(utf8) : null;
        return name is not null;
    }

    private static int PlaceOf(ReadOnlySpan<byte> utf8)
    {
        for (var place = 0; place < Utf8Names.Length; place++)
            if (utf8.SequenceEqual(Utf8Names[place])) return place;
        return -1;
    }
}
